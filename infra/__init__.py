"""The CDK app of Pawledger: environments, stacks (data, service, monitoring) and the constructs they compose."""
