"""The whole service for half an hour with everything going wrong: does anything grow, does anything stay behind?"""
