"""What every service stands on: the corridor from Kafka or HTTP to one commit, and from the outbox to Kafka."""
