"""The AWS side that several rooms share: settings, credentials and identity, refusals in words, S3 objects.

Here belongs what Athena, Glue and the S3 stores need alike. What does not belong here: what an engine does with Athena
(``engines.athena``) and what a store keeps. boto3 is imported when the first client is made, never at import.
"""
