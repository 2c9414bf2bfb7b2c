"""What a model looks at while it answers."""
