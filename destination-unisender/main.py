"""Run the connector without installing its console script."""

from destination_unisender.run import run

if __name__ == "__main__":
    run()
