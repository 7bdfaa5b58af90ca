"""Pure decisions of the gateway: what state a set of facts means, how far a request is."""
