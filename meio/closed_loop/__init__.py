"""The closed loop: a simulated network whose forecast, stock and plan are renewed on the way."""
