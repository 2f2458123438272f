"""Pages and pictures, drawn from plain data; nothing here knows a simulator."""
