"""The bundled model, made from nothing on the seen side of the mini world."""
