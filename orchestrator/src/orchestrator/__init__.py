"""Links amoCRM accounts and brings every change of a contact into the right Unisender list within seconds."""
