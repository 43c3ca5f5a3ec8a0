"""The link wizard: from amoCRM's consent to the first synchronisation, resumable at every step."""
