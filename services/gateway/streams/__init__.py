"""Events of the topics as server-sent events: one Kafka consumer per topic and process, many readers."""
