//! The front door of the webhook layer family: re-exports, and one builder that stacks the layers in the right order.
