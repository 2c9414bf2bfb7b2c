"""The kinds of pictures of the seen side: each file draws one kind, and knows what it drew."""
