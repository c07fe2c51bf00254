"""A virtual Cams Biometric Gateway with attendance devices."""

__version__ = "0.1.0"
