"""Reports through a language model, as the paper did (3.1, 8.2): rewritten to what one image can show, then asked for answers.

The model is any server that speaks OpenAI's chat protocol; none but this machine is spoken to unless it is named.
"""
