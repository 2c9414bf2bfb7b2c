"""mibench: how well a multimodal model follows instructions for tasks that it never saw.

The evaluation harness and leaderboard for MultiInstruct (Xu, Shen and Huang, ACL 2023, arXiv 2212.10773).
"""

__version__ = "0.1.0"
