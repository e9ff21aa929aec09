"""Grades a class: `python -m gdcore.grade SUBMISSIONS --out DIR`.

    submissions   finds the students and reads what they handed in; runs nothing
    shortcuts     looks for names that an answer may not use, in the text of the notebook
    confine       what a process may: memory, files, processes, network, what it may read
    child         runs in that process: executes the cells, then answers with plain values
    parent        starts such processes, puts requests to them, ends them whatever they do
    student       the verdicts on one student
    results       the secret seed, and the kept verdicts, so that an interrupted run goes on
    manual        questions that a person marks
    pages         the table of points, a page for each student, and one for the class

Two processes, and values only between them: the inputs of a case go to the child as JSON, numbers come back, and `check.judge`
compares them here, where nothing of the student's ever runs. Expected values, hidden data and the seed stay on this side.
So a submission may rewrite everything in its own process, and gains nothing: it can only answer.
"""
