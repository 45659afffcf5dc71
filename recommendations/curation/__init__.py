"""Staff decide about lists: on the lists themselves, with a history of who decided what that can be undone."""
