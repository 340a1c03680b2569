"""Areas of Japan: what people write, as the codes that JMA's telegrams use."""
