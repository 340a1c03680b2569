"""安否確認: after an earthquake everyone is asked, answers, and the company sees live who is safe."""
