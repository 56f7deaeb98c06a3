//! The learned reward: discriminator and demonstration weights.
