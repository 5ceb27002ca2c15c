/**
 * Replaces the SDK's chain of credential providers in every bundle. Lambda passes a function its credentials in environment
 * variables (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html), and the rest of the chain (profiles, single sign-on,
 * STS, instance metadata) is a quarter of a bundle.
 */
export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';
