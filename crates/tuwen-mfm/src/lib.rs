//! Masked frame modelling: recognise each hidden frame among the frames of the batch.
