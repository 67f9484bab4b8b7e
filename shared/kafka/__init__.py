"""The log on Apache Kafka, through aiokafka: nobody else imports it."""

from shared.kafka.log import KafkaLog
from shared.kafka.settings import KafkaSettings

__all__ = ["KafkaLog", "KafkaSettings"]
