"""The pages: what an operator sees and does in a browser. Server-rendered, guarded by a session."""
