//! The operations that cost time: attention, normalisation, linear, dropout, losses over logits.
