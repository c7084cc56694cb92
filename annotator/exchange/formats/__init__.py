"""One module for each format; `annotator.exchange.registry` lists them."""
