"""The Dagster face: partitions, resources, assets, checks, jobs, schedules. Thin.

Here belongs how the product looks to the orchestrator. What does not belong here: any rule, any SQL, any store; those are
plain Python and can be used without Dagster.
"""
