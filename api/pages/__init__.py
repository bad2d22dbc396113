"""The page: the same data as the API's, to read; rendered here, complete without script."""
