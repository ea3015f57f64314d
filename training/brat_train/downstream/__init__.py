"""What the pre-trained model is good for besides retrieval (paper, section 4.2): classification and segmentation, each a command."""
