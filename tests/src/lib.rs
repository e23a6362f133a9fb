//! What the crates promise together: helpers of the tests beside this.
