"""The sizes that a load asks for, by what each backend says of it, against those that the settings have."""
