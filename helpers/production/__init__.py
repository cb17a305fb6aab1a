"""Step 05: many readers at one endpoint. Load, sizing, scaling, alarms."""
