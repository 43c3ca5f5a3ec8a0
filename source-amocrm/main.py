"""Entry point of the connector image: `python main.py spec | check | discover | read`."""

from source_amocrm.run import run

if __name__ == "__main__":
    run()
