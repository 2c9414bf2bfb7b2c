"""Where instances come from: prepared folders, the drawn mini world, and readers of official files."""
