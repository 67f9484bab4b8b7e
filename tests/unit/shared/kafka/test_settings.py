import ssl

from shared.kafka import KafkaSettings


def test_nothing_that_matters_is_left_to_the_drivers_defaults() -> None:
    settings = KafkaSettings("a:1,b:2", client_id="me")
    producer, member = settings.producer(), settings.member("group")
    assert producer["acks"] == "all"
    assert producer["enable_idempotence"] is True
    assert producer["compression_type"] == "zstd"
    assert producer["linger_ms"] == 0
    assert producer["max_batch_size"] > 1_000_000
    assert member["enable_auto_commit"] is False
    assert member["auto_offset_reset"] == "earliest"
    assert [assignor.name for assignor in member["partition_assignment_strategy"]] == ["range"]
    assert "group_instance_id" not in member
    assert member["rebalance_timeout_ms"] > settings.handover * 1000
    assert member["max_partition_fetch_bytes"] > producer["max_batch_size"]
    assert {options["bootstrap_servers"] for options in (producer, member)} == {"a:1,b:2"}


def test_plain_text_without_a_user_by_default() -> None:
    options = KafkaSettings("a:1").client()
    assert options["security_protocol"] == "PLAINTEXT"
    assert "sasl_mechanism" not in options


def test_a_user_turns_sasl_on_and_tls_checks_certificates() -> None:
    settings = KafkaSettings("a:1", tls=True, username="patchbay", password="secret")
    options = settings.client()
    assert options["security_protocol"] == "SASL_SSL"
    assert options["sasl_mechanism"] == "SCRAM-SHA-512"
    assert options["sasl_plain_username"] == "patchbay"
    assert options["ssl_context"].verify_mode == ssl.CERT_REQUIRED
    assert options["ssl_context"].check_hostname


def test_the_password_is_not_shown() -> None:
    assert "secret" not in repr(KafkaSettings("a:1", username="u", password="secret"))
