"""One adapter: its method, the layers it is in, and the fusion of several."""
