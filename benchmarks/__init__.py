"""Benchmarks of skdistill: every figure in the documentation is made by a command of this package.

It is no part of the wheel. ``python -m benchmarks.<name> --help`` says what a benchmark measures;
tables and figures go to ``docs/results`` (``--quick`` runs, small enough for CI, to
``.cache/benchmarks``), raw measurements to the folder ``raw`` there, from which an interrupted run
goes on.

================  ==================================================================================
module            what it shows
================  ==================================================================================
`speed`           what skdistill costs over the work that has to be done anyway
`paper`           the tables of Dao et al. (ICLR 2021): small forests, teachers of limited depth;
                  `paper_tables` makes its pages, ``paper_published.csv`` has the authors' figures
`calibration`     which calibration of the teacher serves which student
`suite`           every way of distilling on every set and student: honest, leaking, trivial ones;
                  `suite_tables`, `suite_peers`, `suite_commands` and `suite_page` make its page
`frontier`        a tree of any size, directly and distilled: the README's picture
`regression`      distilled regressors against direct and tuned direct ones, by the same search;
                  `regression_learners` and `regression_tables` belong to it
`quantiles`       intervals of distilled students, and of direct ones
`glm_tables`      a booster of claim counts into a table of factors, by us and by a package for it
`numbers`         their tables: real ones, functions of scikit-learn, made claims
`strength`        which rule for the strength serves which student
`synthetic`       what synthetic rows are good for
`size`            trees and forests on soft labels, let grow or kept to the direct student's size
`residual`        whether a second look at the teacher's residuals pays
`worth`           how many labelled rows distilling stands for, and how little settings matter then
`racing`          the same search with and without a race: seconds, choice, loss
`rare`            classes of a dozen rows, and sets of tiny losses
`transfer`        what unlabelled rows of the same law are good for
`shift`           weights and unlabelled rows where the features shift
`serving`         one row, and ten thousand, through exported students: onnxruntime, C
`servers`         one row through MLServer and BentoML, over HTTP
`scale`           seconds and memory against rows, classes, folds and grid; latency; a profile
`outofcore`       rows in Parquet files within a limit on memory, and the same rows in memory
`engines`         fits and searches on Dask and Ray, over joblib's own processes; 100 workers,
                  simulated
`linear`          the linear and MLP students, and the path, over what they replace
`compatibility`   learners of other packages as teachers and students, in one's own environment
`gpu`             the same on an NVIDIA GPU
`methods`         the ways that the suite compares, other packages among them
`test_hot_paths`  definitions for pytest-benchmark, so that a regression of a hot path shows
`datasets`        the data sets: read from the folder that SKDISTILL_DATA names, fetched on request
`made`            tables with classes of a dozen rows, made and not fetched
`figures`         pictures of the pages
`ratios`          the loss over the direct student's that pages report, and what counts as harm
`results`         raw measurements that survive an interruption, and the tables made of them
================  ==================================================================================
"""
