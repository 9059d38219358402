"""What `simulator_speed.py` measures: networks for our engine, and their twins in other simulators."""
