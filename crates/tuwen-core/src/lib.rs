//! The tensors everyone shares: views of a batch, hidden states, label types, named losses.
