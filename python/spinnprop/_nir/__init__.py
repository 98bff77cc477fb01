"""Networks and spikes as the Neuromorphic Intermediate Representation (NIR) has them."""
