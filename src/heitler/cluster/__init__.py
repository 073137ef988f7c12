"""Workers: rank, size, reductions, launching. The only module that imports Horovod."""
