"""Two independent reference callback receivers, v3 and v2, and a way to run one beside a program or a test."""
