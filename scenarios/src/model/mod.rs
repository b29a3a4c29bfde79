//! LLaVA on candle: from a checkpoint folder to generated text.
