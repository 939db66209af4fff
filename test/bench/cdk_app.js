// CDK deploying our template: included as it is, with the zip as an asset of CDK's own.
const { App, Stack } = require('aws-cdk-lib');
const { CfnInclude } = require('aws-cdk-lib/cloudformation-include');
const { Asset } = require('aws-cdk-lib/aws-s3-assets');

const { name, account, region, template, zip, parameters } = JSON.parse(process.env.BENCH_WORK);
const stack = new Stack(new App(), name, { env: { account, region } });
const included = new CfnInclude(stack, 'Included', { templateFile: template, parameters });
const asset = new Asset(stack, 'Zip', { path: zip });
included.getResource('Backend').code = { s3Bucket: asset.s3BucketName, s3Key: asset.s3ObjectKey };
