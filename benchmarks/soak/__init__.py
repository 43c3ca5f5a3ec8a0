"""The whole service for half an hour under everything that can go wrong: does anything grow, does anything stay behind?"""
