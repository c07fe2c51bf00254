"""A virtual Cams Biometric Gateway with attendance devices."""
