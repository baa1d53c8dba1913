"""One adapter, fusion or target adapter trained in English and saved; interrupted runs go on."""
