"""The window: widgets that show the Session and turn input into one call on it or on the workflows."""
