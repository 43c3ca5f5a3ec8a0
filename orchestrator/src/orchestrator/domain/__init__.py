"""What the service knows and decides, apart from any I/O. Standard library only."""
