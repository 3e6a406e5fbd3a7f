"""What LocalStack keeps records of and nobody here computes: refused by name."""

from typing import Any, NoReturn

from localstack.aws.api import RequestContext, handler

from emulation.services.apigateway.errors import not_emulated


class Refusals:
    """Custom domain names and client certificates."""

    @handler("CreateDomainName", expand=False)
    def create_domain_name(self, _: RequestContext, __: Any) -> NoReturn:
        """No name leads to this gateway but its own."""
        raise not_emulated("CreateDomainName")

    @handler("CreateBasePathMapping", expand=False)
    def create_base_path_mapping(self, _: RequestContext, __: Any) -> NoReturn:
        """There are no custom domain names."""
        raise not_emulated("CreateBasePathMapping")

    @handler("GenerateClientCertificate", expand=False)
    def generate_client_certificate(self, _: RequestContext, __: Any) -> NoReturn:
        """No integration is shown a certificate."""
        raise not_emulated("GenerateClientCertificate")

    @handler("CreateDomainNameAccessAssociation", expand=False)
    def create_domain_name_access_association(self, _: RequestContext, __: Any) -> NoReturn:
        """There are no custom domain names."""
        raise not_emulated("CreateDomainNameAccessAssociation")
